/* readmit: passkeys (Web Authentication). The only script on a guest's pages; without it everything else works. */
"use strict";
(() => {
  const bytes = (text) => {
    const padded = text.replace(/-/g, "+").replace(/_/g, "/").padEnd(Math.ceil(text.length / 4) * 4, "=");
    return Uint8Array.from(atob(padded), (letter) => letter.charCodeAt(0));
  };
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const named = (list) => list.map((one) => ({ ...one, id: bytes(one.id) }));

  /* PublicKeyCredentialCreationOptionsJSON and …RequestOptionsJSON, for browsers that do not read them themselves. */
  const read = (options) => {
    const made = { ...options, challenge: bytes(options.challenge) };
    if (options.user) made.user = { ...options.user, id: bytes(options.user.id) };
    if (options.excludeCredentials) made.excludeCredentials = named(options.excludeCredentials);
    if (options.allowCredentials) made.allowCredentials = named(options.allowCredentials);
    return made;
  };
  const written = (credential) => {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = text(credential.response[name]);
    }
    if (credential.response.getTransports) response.transports = credential.response.getTransports();
    return JSON.stringify({
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      response,
      clientExtensionResults: credential.getClientExtensionResults(),
    });
  };

  const able = () => Boolean(window.PublicKeyCredential && navigator.credentials);

  const ceremony = (box) => {
    const form = box.closest("form");
    const part = (name) => box.querySelector(`[data-passkey-${name}]`);
    const start = part("start");
    part("absent").hidden = true;
    start.hidden = false;
    if (!document.activeElement || document.activeElement === document.body) start.focus();
    start.addEventListener("click", async () => {
      part("failed").hidden = part("known").hidden = true;
      start.disabled = true;
      try {
        const publicKey = read(JSON.parse(box.dataset.options));
        const credential =
          box.dataset.passkey === "create"
            ? await navigator.credentials.create({ publicKey })
            : await navigator.credentials.get({ publicKey });
        form.elements.credential.value = written(credential);
        form.submit();
      } catch (error) {
        part(error.name === "InvalidStateError" ? "known" : "failed").hidden = false;
        start.disabled = false;
        start.focus();
      }
    });
  };

  if (!able()) return;
  document.querySelectorAll("[data-passkey]").forEach(ceremony);
  /* Beside a code: whether this device could keep a passkey, so that one is offered afterwards. */
  const device = document.querySelector("[data-passkey-device]");
  if (device && PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable) {
    PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable().then((has) => {
      device.value = has ? "passkeys" : "";
    });
  }
})();
