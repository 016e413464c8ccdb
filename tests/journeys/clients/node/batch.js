// Batches of the Graph client: relative URLs, a chain by dependsOn (the client knows no other shape) whose last item is refused.
import { BatchRequestContent, BatchResponseContent } from "@microsoft/microsoft-graph-client";
import { connect } from "./connect.js";
import { done, tell } from "./talk.js";

const { GUEST, NEW_ADDRESS } = process.env;
const headers = { "Content-Type": "application/json" };
const send = (method, body) => ({ method, headers, body: JSON.stringify(body) });
const step = (id, url, options, ...dependsOn) => ({ id, request: new Request(`https://localhost${url}`, options), dependsOn });

const invitation = {
  invitedUserEmailAddress: NEW_ADDRESS,
  inviteRedirectUrl: "https://myapps.microsoft.com",
  invitedUser: { id: GUEST },
  resetRedemption: true,
};
const content = new BatchRequestContent([
  step("write", `/users/${GUEST}`, send("PATCH", { otherMails: [NEW_ADDRESS] })),
  step("reset", "/invitations", send("POST", invitation), "write"),
  step("read", `/users/${GUEST}?$select=id,externalUserState`, { method: "GET" }, "reset"),
  step("nobody", "/users/00000000-0000-4000-8000-000000000000", { method: "GET" }, "read"),
]);
const batch = new BatchResponseContent(await connect().api("/$batch").post(await content.getContent()));
const statuses = Object.fromEntries([...batch.getResponses()].map(([id, response]) => [id, response.status]));
const { id, externalUserState } = await batch.getResponseById("read").json();
const { error } = await batch.getResponseById("nobody").json();
tell({ statuses, read: [[id, externalUserState]], code: error.code });
done();
