"""The table of commands, and the text of `readmit --help`, for which nothing else is imported."""

COMMANDS = {
    "serve": ("readmit.cli.serve:serve", "Start the server."),
    "demo": ("readmit.cli.demo:demo", "Play the article's story over HTTPS."),
    "seed": ("readmit.cli.seed:seed", "Apply a seed file; idempotent; prints what changed."),
    "trust": ("readmit.cli.trust:trust", "Print what makes clients trust the local CA."),
    "proxy": ("readmit.cli.proxy:proxy", "Lead Microsoft's hosts to the server, for clients that know no other."),
    "mail": ("readmit.cli.mail:mail", "The kept mail, when no SMTP server is set."),
    "db": ("readmit.cli.db:db", "The database: upgrade, check."),
    "admin": ("readmit.cli.admin:admin", "The first administrator."),
    "policy": ("readmit.cli.policy:policy", "Who may invite, whose addresses are accepted."),
    "idp": ("readmit.cli.idp:idp", "Home identity providers by address domain."),
    "config": ("readmit.cli.config:config", "The effective settings, without secrets."),
    "login": ("readmit.cli.login:login", "Sign in to a server or to Microsoft's cloud."),
    "guest": ("readmit.cli.guest:guest", "Guests: list, invite, explain why one cannot sign in."),
    "reset": ("readmit.cli.reset:reset", "Reset a guest's redemption status; the access stays."),
}
"""Name: where the click command is, and its line in the help."""

OPTIONS = {
    "-q, --quiet": "Nothing on stderr but errors and warnings.",
    "--version": "Show the version and exit.",
    "-h, --help": "Show this message and exit.",
}


def help_text() -> str:
    """What `readmit --help` prints, without the last newline."""
    lines = [
        "Usage: readmit [OPTIONS] COMMAND [ARGS]...",
        "",
        "  A guest directory whose guests keep their access when their identity changes.",
        "",
        "Options:",
        *_rows(OPTIONS),
        "",
        "Commands:",
        *_rows({name: text for name, (_, text) in COMMANDS.items()}),
        "",
        "  Each option is a variable too: READMIT_RESET_REDIRECT is `readmit reset --redirect`. Ends with 0 done,",
        "  1 refused or failed, 2 wrong usage, 3 partly done, 130 interrupted. READMIT_DEBUG=1 shows a traceback.",
    ]
    return "\n".join(lines)


def _rows(entries: dict[str, str]) -> list[str]:
    width = max(map(len, entries))
    return [f"  {name:<{width}}  {text}" for name, text in entries.items()]
