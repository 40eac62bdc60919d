/* Pages work without this file, with the code of an app; it asks the browser for a passkey where somebody wants to use one. */
"use strict";

function bytes(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
}

function text(buffer) {
  const signs = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(signs).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function known(options) {
  return options.credentials.map((id) => ({ type: "public-key", id: bytes(id) }));
}

async function asked(options) {
  const found = await navigator.credentials.get({
    publicKey: {
      challenge: bytes(options.challenge), rpId: options.rpId, userVerification: "required", allowCredentials: known(options),
    },
  });
  return {
    credential: text(found.rawId), authenticator: text(found.response.authenticatorData),
    client: text(found.response.clientDataJSON), signature: text(found.response.signature),
  };
}

async function made(options) {
  const found = await navigator.credentials.create({
    publicKey: {
      challenge: bytes(options.challenge), rp: { id: options.rpId, name: "clearing" }, excludeCredentials: known(options),
      user: { id: bytes(options.user), name: options.person, displayName: options.person }, attestation: "none",
      pubKeyCredParams: options.algorithms.map((alg) => ({ type: "public-key", alg })),
      authenticatorSelection: { userVerification: "required", residentKey: "discouraged" },
    },
  });
  return {
    credential: text(found.rawId), client: text(found.response.clientDataJSON),
    attestation: text(found.response.attestationObject),
  };
}

function prepared(form) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const problem = document.querySelector("[data-passkey-problem]");
    if (problem) problem.hidden = true;
    try {
      const options = JSON.parse(form.dataset.options);
      const answer = await (form.dataset.passkey === "create" ? made : asked)(options);
      for (const [name, value] of Object.entries(answer)) form.elements[name].value = value;
    } catch {
      if (problem) problem.hidden = false;
      return;
    }
    form.submit();
  });
}

if (window.PublicKeyCredential) {
  for (const one of document.querySelectorAll("[data-needs-passkeys]")) one.hidden = false;
  for (const form of document.querySelectorAll("form[data-passkey]")) prepared(form);
}
