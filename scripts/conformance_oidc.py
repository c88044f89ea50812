"""authlib (PyPI) against Svod's OpenID provider: every flow that it has a client for. Called by scripts/conformance-oidc."""

import hmac
import base64
import re
import struct
import sys
import time
from urllib.parse import parse_qs, urlsplit

import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

BASE, INVITATION, ADMINISTRATOR = sys.argv[1:4]
BACK = "http://localhost:1/cb"
PASSWORD = "корова на льду"
SCOPE = "openid profile email offline_access"
done = 0


def check(what, holds):
    global done
    if not holds:
        sys.exit(f"FAILED: {what}")
    done += 1
    print(f"ok {done} {what}")


def field(page, name):
    """A hidden field of a form."""
    return re.search(rf'name="{name}" value="([^"]*)"', page).group(1)


def code(secret, steps=0):
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.new(key, struct.pack(">Q", int(time.time()) // 30 + steps), "sha1").digest()
    at = mac[19] & 15
    return f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


class Person(requests.Session):
    """Somebody without JavaScript: pages and forms."""

    def form(self, page, path, **fields):
        fields["csrf"] = field(page.text, "csrf")
        return self.post(BASE + path, data=fields, allow_redirects=False)


def account():
    person = Person()
    page = person.get(INVITATION)  # what stands behind # is not sent
    assert person.form(page, "/invitation/accept", code=urlsplit(INVITATION).fragment).status_code == 303
    page = person.get(f"{BASE}/account/password")
    secret = re.search(r'<code class="secret">([A-Z2-7]+)</code>', page.text).group(1)
    answer = person.form(page, "/account/password", token=field(page.text, "token"), password=PASSWORD, code=code(secret))
    assert answer.status_code == 200, answer.text
    return person


def registered(**metadata):
    body = {"client_name": "authlib", "redirect_uris": [BACK], "scope": SCOPE, "grant_types": ["authorization_code", "refresh_token", "client_credentials"], **metadata}
    answer = requests.post(f"{BASE}/oauth/register", json=body)
    assert answer.status_code == 201, answer.text
    client = answer.json()
    administrator = Person()
    administrator.cookies.set("svod_session", ADMINISTRATOR, domain="localhost.local")
    page = administrator.get(f"{BASE}/clients", headers={"Cookie": f"svod_session={ADMINISTRATOR}"})
    token = field(page.text, "csrf")
    cookie = f"svod_session={ADMINISTRATOR}; svod_csrf={token}"
    answer = requests.post(f"{BASE}/clients/state", data={"csrf": token, "id": client["client_id"], "state": "active"}, headers={"Cookie": cookie}, allow_redirects=False)
    assert answer.status_code == 303, answer.status_code
    return client


def signed_in(session, person, known, **more):
    """From the library's address through the person's yes back to the library."""
    address, state = session.create_authorization_url(known["authorization_endpoint"], code_verifier=VERIFIER, nonce="n-0", **more)
    page = person.get(address, allow_redirects=False)
    if page.status_code == 200:
        page = person.form(page, "/oauth/authorize", question=field(page.text, "question"), answer="yes", scope=SCOPE.split())
    called = page.headers["location"]
    check("the answer names its issuer (RFC 9207)", parse_qs(urlsplit(called).query)["iss"] == [BASE])
    return session.fetch_token(known["token_endpoint"], authorization_response=called, state=state, code_verifier=VERIFIER)


VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
known = requests.get(f"{BASE}/.well-known/openid-configuration").json()
check("discovery names this issuer", known["issuer"] == BASE)
person = account()

for method in ("client_secret_basic", "client_secret_post"):
    client = registered(token_endpoint_auth_method=method)
    session = OAuth2Session(client["client_id"], client["client_secret"], scope=SCOPE, redirect_uri=BACK, code_challenge_method="S256", token_endpoint_auth_method=method)
    token = signed_in(session, person, known)
    keys = KeySet.import_key_set(requests.get(known["jwks_uri"]).json())
    claims = jwt.decode(token["id_token"], keys, algorithms=known["id_token_signing_alg_values_supported"]).claims
    check(f"{method}: the id_token is signed and meant for the client", claims["aud"] == client["client_id"] and claims["iss"] == BASE and claims["nonce"] == "n-0")
    check(f"{method}: userinfo is of the same person", session.get(known["userinfo_endpoint"]).json()["sub"] == claims["sub"])
    old = token["refresh_token"]
    renewed = session.refresh_token(known["token_endpoint"], refresh_token=old)
    check(f"{method}: the refresh token changes", renewed["refresh_token"] != old)
    about = session.introspect_token(known["introspection_endpoint"], token=renewed["access_token"]).json()
    check(f"{method}: introspection knows the token", about["active"] and about["sub"] == claims["sub"])
    ended = session.revoke_token(known["revocation_endpoint"], token=renewed["refresh_token"])
    check(f"{method}: revocation answers 200 ({ended.status_code} {ended.text})", ended.status_code == 200)
    check(f"{method}: revoked is over", session.introspect_token(known["introspection_endpoint"], token=renewed["access_token"]).json() == {"active": False})
    own = OAuth2Session(client["client_id"], client["client_secret"], token_endpoint_auth_method=method)
    check(f"{method}: client credentials", own.fetch_token(known["token_endpoint"], grant_type="client_credentials")["token_type"] == "Bearer")

client = registered(token_endpoint_auth_method="none", grant_types=["authorization_code", "refresh_token"])
session = OAuth2Session(client["client_id"], scope=SCOPE, redirect_uri=BACK, code_challenge_method="S256", token_endpoint_auth_method="none")
token = signed_in(session, person, known)
check("none: a program without a secret", session.get(known["userinfo_endpoint"]).json()["name"] == "Ольга Иванова")

key = ECKey.generate_key("P-256", private=True)
client = registered(token_endpoint_auth_method="private_key_jwt", jwks={"keys": [key.as_dict(private=False)]})
session = OAuth2Session(client["client_id"], key, token_endpoint_auth_method="private_key_jwt")
session.register_client_auth_method(PrivateKeyJWT(known["token_endpoint"], alg="ES256"))
check("private_key_jwt: client credentials", session.fetch_token(known["token_endpoint"], grant_type="client_credentials")["expires_in"] == 600)
print(f"{done} passed")
