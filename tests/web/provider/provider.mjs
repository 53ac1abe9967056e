// An OpenID Certified provider (npm package oidc-provider) as a process on loopback, for tests/web/certified_provider.py.
// Reads a situation per line (JSON: clients, people, keys, settings), is from then on the provider of that situation, and answers
// with its issuer. The pages where people log in are ours: the package leaves those to whoever uses it.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

import Provider from 'oidc-provider';
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js';

const page = (title, body) => `<!doctype html><html lang="nl"><title>${title}</title><main><h1>${title}</h1>${body}</main></html>`;
const LOGIN = page('Inloggen bij Proefstad', `<form method="post">
  <label>Naam <input name="naam"></label>
  <button name="antwoord" value="ja">Verder</button><button name="antwoord" value="nee">Afbreken</button></form>`);
const CONSENT = page('Mag de balie dit weten?', `<form method="post">
  <button name="antwoord" value="ja">Toestaan</button><button name="antwoord" value="nee">Weigeren</button></form>`);
const LOGOUT = (form) => page('Uitloggen bij Proefstad?', `${form}<button form="op.logoutForm" name="logout" value="yes">Ja</button>`);

const memory = createMemoryAdapter(); // sessions, grants and codes outlive a situation, as they outlive a new key

async function form(request) {
  let body = '';
  for await (const part of request) body += part;
  return new URLSearchParams(body);
}

async function granted(provider, details) {
  const { grantId, params, prompt, session } = details;
  const grant = grantId
    ? await provider.Grant.find(grantId)
    : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope((prompt.details.missingOIDCScope ?? []).join(' '));
  return { consent: { grantId: await grant.save() } };
}

async function interact(provider, ctx) {
  const details = await provider.interactionDetails(ctx.req, ctx.res);
  const asksForName = details.prompt.name === 'login';
  if (ctx.method !== 'POST') {
    ctx.body = asksForName ? LOGIN : CONSENT;
    return;
  }
  const given = await form(ctx.req);
  let result = { error: 'access_denied', error_description: 'de gebruiker zei nee' };
  if (given.get('antwoord') === 'ja') {
    result = asksForName ? { login: { accountId: given.get('naam') } } : await granted(provider, details);
  }
  ctx.respond = false;
  await provider.interactionFinished(ctx.req, ctx.res, result);
}

function providerOf(issuer, { clients, people, keys, settings }) {
  const provider = new Provider(issuer, {
    clients,
    jwks: { keys },
    adapter: memory,
    cookies: { keys: ['alleen voor tests'] },
    pkce: { required: () => true },
    findAccount: (ctx, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
    renderError: (ctx, out) => { ctx.body = page('Dat ging mis', `<p>${out.error}: ${out.error_description}</p>`); },
    interactions: { url: (ctx, interaction) => `/aanmelden/${interaction.uid}` },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, logoutForm) => { ctx.body = LOGOUT(logoutForm); },
        postLogoutSuccessSource: (ctx) => { ctx.body = page('U bent uitgelogd bij Proefstad', ''); },
      },
    },
    ...settings,
  });
  provider.use((ctx, next) => (ctx.path.startsWith('/aanmelden/') ? interact(provider, ctx) : next()));
  return provider.callback();
}

console.info = console.error; // what the package advises for production does not stand between the answers
let answer;
const server = createServer((request, response) => answer(request, response)).listen(0, '127.0.0.1');
await once(server, 'listening');
const issuer = `http://127.0.0.1:${server.address().port}`;
for await (const line of createInterface({ input: process.stdin })) {
  answer = providerOf(issuer, JSON.parse(line));
  process.stdout.write(`${JSON.stringify(issuer)}\n`);
}
server.close();
server.closeAllConnections();
