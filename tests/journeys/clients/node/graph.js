// The story of one guest by @microsoft/microsoft-graph-client with the secret credential of @azure/identity.
import { PageIterator } from "@microsoft/microsoft-graph-client";
import { connect } from "./connect.js";
import { ask, done, tell } from "./talk.js";

const { ADDRESS, NEW_ADDRESS, CROWD_TENANT, CROWD_CLIENT_ID } = process.env;
const inviteRedirectUrl = "https://myapps.microsoft.com";

async function read(client, guest) {
  const names = ["id", "userPrincipalName", "mail", "otherMails", "externalUserState"];
  const user = await client.api(`/users/${guest}`).select(names).get();
  const { id, userPrincipalName: upn, mail, otherMails, externalUserState: state } = user;
  return { id, upn, mail, otherMails, state };
}

async function all(client, first, options) {
  const found = [];
  const iterator = new PageIterator(client, first, (user) => found.push(user.id) > 0, options);
  await iterator.iterate();
  return found;
}

async function story(client) {
  const body = { invitedUserEmailAddress: ADDRESS, inviteRedirectUrl };
  const first = await client.api("/invitations").post(body);
  const guest = first.invitedUser.id;
  tell({ invited: { id: guest, status: first.status, link: first.inviteRedeemUrl }, new: await read(client, guest) });
  await ask("redeem", { link: first.inviteRedeemUrl, address: ADDRESS });
  tell({ accepted: await read(client, guest) });
  await client.api(`/users/${guest}`).patch({ otherMails: [NEW_ADDRESS] });
  tell({ patched: await read(client, guest) });
  const again = await client.api("/invitations").version("beta").post({
    invitedUserEmailAddress: NEW_ADDRESS,
    inviteRedirectUrl,
    invitedUser: { id: guest },
    resetRedemption: true,
  });
  tell({ reset: { id: again.invitedUser.id, status: again.status, reset: again.resetRedemption } });
  tell({ pending: await read(client, guest), listed: await pending(client, guest) });
  await ask("redeem", { link: again.inviteRedeemUrl, address: NEW_ADDRESS });
  tell({ again: await read(client, guest) });
  await client.api(`/users/${guest}`).delete();
  try {
    await client.api(`/users/${guest}`).get();
  } catch (error) {
    const { statusCode: status, code, message, requestId, date } = error;
    tell({ gone: { status, code, message }, traced: /^[0-9a-f-]{36}$/.test(requestId) && !Number.isNaN(+date) });
  }
}

async function pending(client, guest) {
  const headers = { ConsistencyLevel: "eventual" };
  const filter = "userType eq 'Guest' and externalUserState eq 'PendingAcceptance'";
  const page = await client.api("/users").headers(headers).filter(filter).select("id").top(2).count(true).get();
  const found = await all(client, page, { headers });
  return { count: page["@odata.count"], found: found.length, distinct: new Set(found).size, mine: found.includes(guest) };
}

async function crowd() {
  const client = connect(CROWD_TENANT, CROWD_CLIENT_ID);
  const found = await all(client, await client.api("/users").filter("userType eq 'Guest'").select("id").top(999).get());
  tell({ crowd: { found: found.length, distinct: new Set(found).size } });
}

await story(connect());
await crowd();
done();
