/** TCP states by number, as in include/net/tcp_states.h. */
export const tcpStates = [
  'UNKNOWN',
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'CLOSING',
  'NEW_SYN_RECV'
] as const

/** Bits of a connection's `options`: TCPI_OPT_* of linux/tcp.h. */
export const tcpOptions = { timestamps: 1, sack: 2, windowScaling: 4, ecn: 8 } as const
