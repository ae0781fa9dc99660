"""Profile sources: files become TasteProfiles here, whatever their format.

Three formats, told apart by content: ``profiles.jsonl[.gz]``, the ZIP of Spotify's "Download your data", and
Exportify's CSV (alone or zipped). Logins and URLs are no files and live elsewhere; so does what is made of a profile.
"""

from features.sources.detect import read_profiles, read_upload
from features.sources.json_lines import Rejection
from features.sources.limits import SourceLimits

__all__ = ["Rejection", "SourceLimits", "read_profiles", "read_upload"]
