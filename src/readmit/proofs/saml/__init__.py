"""The service provider's side of SAML 2.0: requests by HTTP-Redirect, answers by HTTP-POST, signatures by signxml."""
