"""One module for each check; `registry` names them all."""
