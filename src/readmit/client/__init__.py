"""A Graph client over HTTP for readmit and Microsoft's cloud; it stands alone beside the server."""
