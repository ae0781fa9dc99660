"""The routes of the HTTP API, by subject: from requests to the service, and no logic of their own."""
