"""Sets up what a machine lacks: `python3 -m setup`, once or as often as one likes.

Only the standard library is used, so that any Python from 3.10 can start it. Each part is a module:
it looks first, does only what is missing, and says in one line what it found, did or needs.
"""

import sys

if sys.version_info < (3, 10):  # noqa: UP036 - older ones come here to be told
    sys.stderr.write(f"set-up needs Python 3.10 to 3.12, this is {sys.version.split()[0]}: ")
    sys.stderr.write("install a later one, for example python3.11, and call it by that name\n")
    sys.exit(6)
