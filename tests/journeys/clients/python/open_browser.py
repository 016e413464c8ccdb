"""What the environment variable BROWSER starts: the test's person signs in at this address, and follows it to the end."""

import sys

from talk import tell

tell(ask="sign in", url=sys.argv[1])
