// An application that signs people in with openid-client: login, callback, refresh, logout, each answered in JSON.
import { createServer } from "node:http";
import * as oidc from "openid-client";

const { ISSUER, APP_ID, APP_SECRET, PORT } = process.env;
const here = `http://localhost:${PORT}`;
const config = await oidc.discovery(new URL(ISSUER), APP_ID, undefined, oidc.ClientSecretBasic(APP_SECRET));
const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
const expected = { expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce() };
let tokens;

const pages = {
  async "/login"() {
    return oidc.buildAuthorizationUrl(config, {
      redirect_uri: `${here}/callback`,
      scope: "openid profile email offline_access",
      state: expected.expectedState,
      nonce: expected.expectedNonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: "S256",
    });
  },
  async "/callback"(url) {
    tokens = await oidc.authorizationCodeGrant(config, url, { pkceCodeVerifier, ...expected });
    const person = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
    return { ...tokens.claims(), userinfo: person };
  },
  async "/refresh"() {
    const { id_token: hint } = tokens;
    tokens = await oidc.refreshTokenGrant(config, tokens.refresh_token);
    tokens.id_token ??= hint;
    return tokens.claims();
  },
  async "/logout"() {
    const parameters = { post_logout_redirect_uri: `${here}/goodbye`, id_token_hint: tokens.id_token };
    return oidc.buildEndSessionUrl(config, parameters);
  },
  async "/goodbye"() {
    return { goodbye: true };
  },
};

createServer(async (request, response) => {
  const url = new URL(request.url, here);
  try {
    const answer = await pages[url.pathname](url);
    if (answer instanceof URL) return response.writeHead(302, { Location: answer.href }).end();
    response.end(JSON.stringify(answer));
  } catch (error) {
    response.writeHead(400).end(JSON.stringify({ error: error.error ?? String(error), description: error.error_description }));
  }
}).listen(PORT, "127.0.0.1");
