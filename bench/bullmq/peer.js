// BullMQ as its documentation tells: a queue with a job a chunk, and workers with the built-in limiter.
//
//   node peer.js enqueue REDIS CALLS
//   node peer.js work REDIS CONFIG RATE
import { createSign, createVerify, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import http from 'node:http'
import { Queue, Worker } from 'bullmq'

const [verb, address, argument, rate] = process.argv.slice(2)
const [host, port] = address.split(':')
const connection = { host, port: Number(port), maxRetriesPerRequest: null }

function storeIDs(n) {
  return Array.from({ length: 200 }, (_, i) => String(100000000 + ((n * 200 + i) * 7) % 899999999))
}

if (verb === 'enqueue') {
  const queue = new Queue('associate', { connection })
  for (let first = 0; first < Number(argument); first += 500) {
    const jobs = []
    for (let i = first; i < Math.min(first + 500, Number(argument)); i++) jobs.push({ name: 'chunk', data: { ids: storeIDs(i) } })
    await queue.addBulk(jobs)
  }
  await queue.close()
} else {
  const text = readFileSync(argument, 'utf8')
  const value = (key) => new RegExp(`${key}: "?([^"\\n]+?)"?\\n`).exec(text)[1]
  const key = readFileSync(join(dirname(argument), value('private_key')), 'utf8')
  const [, answerID, answerFile] = /\{id: "([^"]+)", key: ([^}]+)\}/.exec(text)
  const answerKey = readFileSync(join(dirname(argument), answerFile), 'utf8')
  const base = new URL(value('base_url'))
  const path = '/v3/marketing/partner/product-coupon/product-coupons/1001/stocks/2001/associate-stores'
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 })

  const call = (ids) => new Promise((resolve, reject) => {
    const body = JSON.stringify({ brand_id: '120344', store_list: ids.map((store_id) => ({ store_id })) })
    const at = Math.floor(Date.now() / 1000)
    const nonce = randomBytes(16).toString('hex')
    const signature = createSign('RSA-SHA256').update(`POST\n${path}\n${at}\n${nonce}\n${body}\n`).sign(key, 'base64')
    const request = http.request({
      agent, host: base.hostname, port: base.port, path, method: 'POST',
      headers: {
        'Content-Type': 'application/json', Accept: 'application/json', 'User-Agent': 'bullmq-peer',
        'Content-Length': Buffer.byteLength(body), 'Wechatpay-Serial': answerID,
        Authorization: `WECHATPAY2-SHA256-RSA2048 mchid="${value('mchid')}",nonce_str="${nonce}",timestamp="${at}",` +
          `serial_no="${value('serial_no')}",signature="${signature}"`
      }
    }, (response) => {
      let answer = ''
      response.setEncoding('utf8')
      response.on('data', (part) => { answer += part })
      response.on('end', () => {
        const h = response.headers
        const good = createVerify('RSA-SHA256')
          .update(`${h['wechatpay-timestamp']}\n${h['wechatpay-nonce']}\n${answer}\n`)
          .verify(answerKey, h['wechatpay-signature'] ?? '', 'base64')
        if (response.statusCode === 200 && !good) reject(new Error('wrong signature'))
        else resolve(response.statusCode)
      })
    })
    request.on('error', reject)
    request.end(body)
  })

  const worker = new Worker('associate', async (job) => {
    const status = await call(job.data.ids)
    if (status === 429) { // as the documentation tells for an API that refuses
      await worker.rateLimit(1000)
      throw Worker.RateLimitError()
    }
    if (status !== 200) throw new Error(`HTTP ${status}`)
  }, { connection, concurrency: 8, limiter: { max: Number(rate), duration: 1000 } })
  worker.on('error', (err) => console.error(err.message))
  process.on('SIGTERM', async () => { await worker.close(); process.exit(0) })
}
