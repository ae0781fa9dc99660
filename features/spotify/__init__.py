"""Profiles from the Spotify Web API: of public playlists, where the app's access mode allows it, and of a login.

Nothing here is needed by those who upload a file; spotipy is the extra ``spotify`` and is imported where it is used.
"""
