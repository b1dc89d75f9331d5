/** The list of labs as text. Pure. */
import { type Paint, page } from '../../report/layout.js'
import type { LabList } from '../runner/list_labs.js'

export function labListText({ labs }: LabList, paint: Paint): string {
  return labs
    .map(({ name, summary, expected, seconds, tools, hostSysctls, parameters, unmet }) => {
      const needs = [...tools, ...hostSysctls.map((sysctl) => `${sysctl} (--allow-host-changes)`)]
      return [
        `${paint('bold', name)}: ${summary}`,
        `  names ${expected ?? 'nothing'}, takes ${seconds} s${needs.length === 0 ? '' : `, needs ${needs.join(', ')}`}`,
        `  ${Object.entries(parameters)
          .map(([parameter, value]) => `--${parameter} ${value}`)
          .join(' ')}`,
        ...unmet.map((reason) => paint('yellow', `  cannot run now: ${reason}`))
      ]
    })
    .map(page)
    .join('\n')
}
