"""`python -m rig`: the `rig` command."""

import sys

from rig.cli import main

sys.exit(main())
