"""A company's home provider: nanoidp as it is, over https; its settings and people stand in the folder that is given."""

import sys
from pathlib import Path

from nanoidp.app import create_app

folder, port = Path(sys.argv[1]), int(sys.argv[2])
create_app(str(folder)).run("127.0.0.1", port, ssl_context=(folder / "cert.pem", folder / "key.pem"))
