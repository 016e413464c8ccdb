// A company's home provider: oidc-provider as it is, over https, with its own pages. Who works there, and how slow it is,
// stands in a file that is read anew for every request; keys and clock are those of its start.
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { setTimeout } from "node:timers/promises";
import Provider from "oidc-provider";

const { FOLDER, ISSUER, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, CLOCK = "0" } = process.env;
const read = (name) => readFileSync(`${FOLDER}/${name}`, "utf8");
const company = () => JSON.parse(read("company.json"));

const now = Date.now;
Date.now = () => now() + Number(CLOCK) * 1000;

const provider = new Provider(ISSUER, {
  clients: [{ client_id: CLIENT_ID, client_secret: CLIENT_SECRET, redirect_uris: [REDIRECT_URI] }],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "given_name", "family_name"] },
  cookies: { keys: [CLIENT_SECRET] },
  jwks: JSON.parse(read("keys.json")),
  ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 3600, IdToken: 600, Interaction: 7200, Session: 7200 },
  findAccount(_, sub) {
    const person = company().people[sub];
    return person && { accountId: sub, claims: () => person };
  },
});
provider.use(async (context, next) => {
  if (context.path === "/token") await setTimeout(company().slow * 1000);
  await next();
});

createServer({ key: read("key.pem"), cert: read("cert.pem") }, provider.callback()).listen(new URL(ISSUER).port);
