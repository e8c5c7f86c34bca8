import { channelsUnderTest } from '../support/in-process-channels.ts'
import { tellSkips } from '../support/in-process-skips.ts'
import { describeChannel } from './channel.ts'

for (const channel of channelsUnderTest) describeChannel(channel)
tellSkips()
