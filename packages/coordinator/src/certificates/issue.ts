// Issues certificates of one fixed kind: ECDSA P-256 with SHA-256, an own CA and server certificates below it. Pure but for
// random serial numbers and keys.
import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from "node:crypto";
import { isIP } from "node:net";
import { bitString, integer, octetString, oid, sequence, setOf, TRUE, tagged, time, utf8 } from "./der.ts";
import { addressBytes } from "./names.ts";

/** Object identifiers as they are encoded. */
const OID = {
  ecdsaWithSha256: "2a8648ce3d040302",
  commonName: "550403",
  subjectKeyId: "551d0e",
  keyUsage: "551d0f",
  subjectAltName: "551d11",
  basicConstraints: "551d13",
  authorityKeyId: "551d23",
  extendedKeyUsage: "551d25",
  serverAuth: "2b06010505070301",
} as const;

const SIGNATURE = sequence(oid(OID.ecdsaWithSha256));
const VERSION_3 = tagged(0xa0, integer(Buffer.from([2])));
/** keyCertSign and cRLSign; digitalSignature. */
const USE_CA = bitString(Buffer.from([0x06]), 1);
const USE_SERVER = bitString(Buffer.from([0x80]), 7);
const NAME_TAG = { dns: 0x82, address: 0x87 } as const;
const DAY_MS = 86_400_000;
/** Clocks of a lab differ: a certificate of this minute must hold on a machine that is a day behind. */
const BACKDATED_MS = DAY_MS;

export const CA_DAYS = 3_650;
export const SERVER_DAYS = 365;

/** A certificate and its key, PEM. */
export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

/** How long a certificate holds. */
export interface Validity {
  readonly now: Date;
  readonly days: number;
}

const name = (commonName: string) => sequence(setOf(sequence(oid(OID.commonName), utf8(commonName))));

const extension = (id: string, value: Buffer, critical = false) =>
  sequence(oid(id), ...(critical ? [TRUE] : []), octetString(value));

/** The usual key identifier: SHA-1 over the public point, a label and no protection. */
function keyId(key: KeyObject): Buffer {
  const { x = "", y = "" } = key.export({ format: "jwk" });
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
  return createHash("sha1").update(point).digest();
}

const alternativeName = (text: string): Buffer =>
  isIP(text) === 0
    ? tagged(NAME_TAG.dns, Buffer.from(text, "ascii"))
    : tagged(NAME_TAG.address, addressBytes(text));

interface Content {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  readonly signingKey: KeyObject;
  readonly validity: Validity;
  readonly extensions: readonly Buffer[];
}

function signed({ subject, issuer, publicKey, signingKey, validity, extensions }: Content): string {
  const from = new Date(validity.now.getTime() - BACKDATED_MS);
  const until = new Date(validity.now.getTime() + validity.days * DAY_MS);
  const content = sequence(
    VERSION_3,
    integer(Buffer.concat([Buffer.from([0x40]), randomBytes(15)])),
    SIGNATURE,
    name(issuer),
    sequence(time(from), time(until)),
    name(subject),
    publicKey.export({ format: "der", type: "spki" }),
    tagged(0xa3, sequence(...extensions)),
  );
  const whole = sequence(content, SIGNATURE, bitString(sign("sha256", content, signingKey)));
  return new X509Certificate(whole).toString();
}

const newKeys = () => generateKeyPairSync("ec", { namedCurve: "P-256" });
const pem = (key: KeyObject): string => key.export({ format: "pem", type: "pkcs8" }).toString();

/** A new CA. Its name is random, so that two CAs of one house are told apart. */
export function issueCa(validity: Validity): Pair {
  const { publicKey, privateKey } = newKeys();
  const subject = `Ozone CA ${randomBytes(4).toString("hex")}`;
  const extensions = [
    // No CA below this one.
    extension(OID.basicConstraints, sequence(TRUE, integer(Buffer.from([0]))), true),
    extension(OID.keyUsage, USE_CA, true),
    extension(OID.subjectKeyId, octetString(keyId(publicKey))),
  ];
  const certificate = signed({
    ...{ subject, issuer: subject, publicKey, signingKey: privateKey },
    ...{ validity, extensions },
  });
  return { certificate, key: pem(privateKey) };
}

/** A new key with a certificate for a server that is reached under these names and addresses, signed by the CA. */
export function issueServer(ca: Pair, names: readonly string[], validity: Validity): Pair {
  const { publicKey, privateKey } = newKeys();
  const issuer = new X509Certificate(ca.certificate);
  const extensions = [
    extension(OID.basicConstraints, sequence(), true),
    extension(OID.keyUsage, USE_SERVER, true),
    extension(OID.extendedKeyUsage, sequence(oid(OID.serverAuth))),
    extension(OID.subjectAltName, sequence(...names.map(alternativeName))),
    extension(OID.subjectKeyId, octetString(keyId(publicKey))),
    extension(OID.authorityKeyId, sequence(tagged(0x80, keyId(issuer.publicKey)))),
  ];
  const certificate = signed({
    ...{ subject: "Ozone coordinator", issuer: commonNameOf(issuer), publicKey, validity, extensions },
    signingKey: createPrivateKey(ca.key),
  });
  return { certificate, key: pem(privateKey) };
}

const commonNameOf = ({ subject }: X509Certificate): string => /^CN=(.+)$/m.exec(subject)?.[1] ?? "";
