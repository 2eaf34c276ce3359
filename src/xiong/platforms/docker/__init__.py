"""The Docker engine as builder and carrier of images; every platform whose releases are images uses it."""
