// The Graph client of an application that signs in by secret with @azure/identity.
import { ClientSecretCredential } from "@azure/identity";
import { Client } from "@microsoft/microsoft-graph-client";
import { TokenCredentialAuthenticationProvider } from "@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js";
import { CLIENT_ID, CLIENT_SECRET, READMIT, TENANT } from "./talk.js";

export const place = { authorityHost: READMIT, disableInstanceDiscovery: true };

export function connect(tenant = TENANT, clientId = CLIENT_ID) {
  return clientOf(new ClientSecretCredential(tenant, clientId, CLIENT_SECRET, place));
}

export function clientOf(credential, scope = "https://graph.microsoft.com/.default") {
  const authProvider = new TokenCredentialAuthenticationProvider(credential, { scopes: [scope] });
  return Client.initWithMiddleware({ authProvider, baseUrl: READMIT, customHosts: new Set(["localhost"]) });
}
