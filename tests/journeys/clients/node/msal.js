// msal-node: an application by its secret, then a person by authorization code and PKCE, with refresh.
import { ConfidentialClientApplication, CryptoProvider, PublicClientApplication } from "@azure/msal-node";
import { ask, CLIENT_ID, CLIENT_SECRET, done, READMIT, tell, TENANT } from "./talk.js";

const { CONSOLE_ID, PERSON } = process.env;
const authority = `${READMIT}/${TENANT}`;
const knownAuthorities = [new URL(READMIT).host];
const me = async (token) => {
  const answer = await fetch(`${READMIT}/v1.0/me`, { headers: { Authorization: `Bearer ${token}` } });
  return (await answer.json()).userPrincipalName;
};

const auth = { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, authority, knownAuthorities };
const daemon = new ConfidentialClientApplication({ auth });
const scopes = ["https://graph.microsoft.com/.default"];
const first = await daemon.acquireTokenByClientCredential({ scopes });
const second = await daemon.acquireTokenByClientCredential({ scopes });
tell({ daemon: { type: first.tokenType, cached: [first.fromCache, second.fromCache], seconds: (first.expiresOn - Date.now()) / 1000 } });

const console_ = new PublicClientApplication({ auth: { clientId: CONSOLE_ID, authority, knownAuthorities } });
const { verifier, challenge } = await new CryptoProvider().generatePkceCodes();
const redirectUri = "http://localhost:53683";
const request = { scopes: ["User.Read"], redirectUri };
const url = await console_.getAuthCodeUrl({ ...request, codeChallenge: challenge, codeChallengeMethod: "S256" });
const arrived = new URL(await ask("sign in", { url, address: PERSON }));
const answer = await console_.acquireTokenByCode({ ...request, code: arrived.searchParams.get("code"), codeVerifier: verifier });
const renewed = await console_.acquireTokenSilent({ account: answer.account, scopes: ["User.Read"], forceRefresh: true });
tell({ person: { name: answer.account.username, me: await me(answer.accessToken), renewed: await me(renewed.accessToken) } });

try {
  await new ConfidentialClientApplication({ auth: { ...auth, clientSecret: "wrong" } }).acquireTokenByClientCredential({ scopes });
} catch (error) {
  tell({ refused: { code: error.errorCode, number: error.errorNo, text: error.errorMessage } });
}
done();
