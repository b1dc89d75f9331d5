import { formatAddress } from './address.js'

const mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]

/** 16 bytes as text: an IPv4 address where it is mapped. */
export function addressOf(bytes: Uint8Array): string {
  if (mapped.every((byte, i) => bytes[i] === byte)) return bytes.subarray(12).join('.')
  const value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  return formatAddress({ family: 6, value })
}
