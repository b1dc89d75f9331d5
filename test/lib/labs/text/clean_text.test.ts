import { describe, expect, it } from 'vitest'
import { cleanedText } from '../../../../lib/labs/text/clean_text.js'

describe('the text of lab clean', () => {
  it('has a line for each thing that was removed, killed or restored', () => {
    const sysctls = { 'net.netfilter.nf_conntrack_max': '262144' }
    expect(
      cleanedText({ namespaces: ['c1mlab-1-2-0-server'], pids: [7], sysctls, gone: ['fs.nr_open'] })
    ).toBe(
      'removed namespace c1mlab-1-2-0-server\nended process 7\nrestored net.netfilter.nf_conntrack_max to 262144\n' +
        'fs.nr_open is gone with its module: nothing to restore\n'
    )
  })

  it('says when there was nothing to clean', () => {
    expect(cleanedText({ namespaces: [], pids: [], sysctls: {}, gone: [] })).toBe('nothing was left behind\n')
  })
})
