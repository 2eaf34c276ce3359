"""The service: the care chatbot that is deployed (`uvicorn api.main:app`)."""
