"""The pages, one a module: each draws what ``dashboard.views`` makes, and asks the API through its room."""
