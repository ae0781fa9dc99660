"""What MusicBrainz and ListenBrainz, which MetaBrainz runs, have in common: manners, retries, and one small file."""
