"""The Graph SDK for v1.0, signed in as the application that the environment names."""

from azure.identity import ClientSecretCredential
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from talk import CLIENT_ID, CLIENT_SECRET, READMIT, TENANT

PLACE = {"authority": READMIT, "disable_instance_discovery": True}


def client(credential=None, scope="https://graph.microsoft.com/.default"):
    """A client with this credential of azure-identity; without one it signs in by secret."""
    used = credential or ClientSecretCredential(TENANT, CLIENT_ID, CLIENT_SECRET, **PLACE)
    provider = AzureIdentityAuthenticationProvider(used, scopes=[scope], allowed_hosts=["localhost"])
    adapter = GraphRequestAdapter(provider)
    adapter.base_url = f"{READMIT}/v1.0"
    return GraphServiceClient(request_adapter=adapter)
