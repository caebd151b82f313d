// Tools of the everything server that answer without asking anything, under the names that the conformance suite calls.
import { setTimeout as pause } from 'node:timers/promises'
import type { JsonSchemaType } from '@modelcontextprotocol/server'
import { PIXEL, SILENCE, WATCHED } from './contents.ts'
import { said, type Tool } from './tool.ts'

/** Between two notifications of one call, so that they are not one piece on the wire. */
const APART_MS = 50

/** Its own word is not one of JSON Schema's. */
const MIRRORING = {
  type: 'object',
  properties: {
    region: { type: 'string', 'x-mcp-header': 'Region' },
    level: { type: 'integer' },
  },
} as JsonSchemaType

const CONTENT: Readonly<Record<string, Tool>> = {
  test_simple_text: {
    description: 'Answers with a text',
    run: async () => said('This is a simple text response for testing.'),
  },
  test_image_content: {
    description: 'Answers with an image',
    run: async () => ({ content: [{ type: 'image', data: PIXEL, mimeType: 'image/png' }] }),
  },
  test_audio_content: {
    description: 'Answers with a sound',
    run: async () => ({ content: [{ type: 'audio', data: SILENCE, mimeType: 'audio/wav' }] }),
  },
  test_embedded_resource: {
    description: 'Answers with a resource',
    run: async () => ({
      content: [
        {
          type: 'resource',
          resource: { uri: 'test://embedded-resource', mimeType: 'text/plain', text: 'Embedded.' },
        },
      ],
    }),
  },
  test_multiple_content_types: {
    description: 'Answers with a text, an image and a resource',
    run: async () => ({
      content: [
        { type: 'text', text: 'Three kinds of content:' },
        { type: 'image', data: PIXEL, mimeType: 'image/png' },
        {
          type: 'resource',
          resource: {
            uri: 'test://mixed-content-resource',
            mimeType: 'application/json',
            text: '{"test":"data","value":123}',
          },
        },
      ],
    }),
  },
  test_error_handling: {
    description: 'Fails',
    run: async () => ({
      ...said('This tool intentionally returns an error for testing'),
      isError: true,
    }),
  },
  test_streaming_elicitation: {
    description: 'Answers without any request of its own on the stream',
    run: async () => said('Nothing was asked.'),
  },
  test_x_mcp_header: {
    description: 'Says the argument that goes into a header of its own, too',
    input: MIRRORING,
    run: async ({ args }) => said(`region=${(args['region'] as string | undefined) ?? 'none'}`),
  },
  json_schema_2020_12_tool: {
    description: 'Has a schema with the words of JSON Schema 2020-12',
    input: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      $defs: {
        address: {
          $anchor: 'addressDef',
          type: 'object',
          properties: { street: { type: 'string' }, city: { type: 'string' } },
        },
      },
      properties: {
        name: { type: 'string' },
        address: { $ref: '#/$defs/address' },
        contactMethod: { type: 'string', enum: ['phone', 'email'] },
        phone: { type: 'string' },
        email: { type: 'string' },
      },
      allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
      if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
      // oxlint-disable-next-line unicorn/no-thenable -- a word of JSON Schema
      then: { required: ['phone'] },
      else: { required: ['email'] },
      additionalProperties: false,
    },
    run: async ({ args }) => said(JSON.stringify(args)),
  },
}

const TALKING: Readonly<Record<string, Tool>> = {
  test_tool_with_logging: {
    description: 'Logs three times',
    run: async ({ log }) => {
      for (const step of ['started', 'halfway', 'done']) {
        await log(`Tool execution ${step}`)
        await pause(APART_MS)
      }
      return said('Logged three times.')
    },
  },
  test_logging_tool: {
    description: 'Logs once',
    run: async ({ log }) => {
      await log('Tool execution')
      return said('Logged once.')
    },
  },
  test_tool_with_progress: {
    description: 'Tells of its progress three times',
    run: async ({ progress, progressToken }) => {
      for (const done of [0, 50, 100]) {
        await progress(done, 100, `Completed step ${done} of 100`)
        await pause(APART_MS)
      }
      return said(String(progressToken ?? 'no token'))
    },
  },
  test_reconnection: {
    description: 'Ends its stream before it answers',
    run: async ({ leaveStream }) => {
      leaveStream()
      await pause(2 * APART_MS)
      return said('Answered on another stream.')
    },
  },
  test_until_cancelled: {
    description: 'Tells of its progress once, and runs until it is cancelled',
    run: async ({ signal, progress, gaveUp }) => {
      await progress(1, 2, 'Running')
      if (!signal.aborted)
        await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
      gaveUp()
      return said('Given up.')
    },
  },
  test_trigger_tool_change: {
    description: 'Tells those who listen of another list of tools',
    run: async ({ changed }) => {
      await changed('tools')
      return said('Told.')
    },
  },
  test_trigger_prompt_change: {
    description: 'Tells those who listen of another list of prompts',
    run: async ({ changed }) => {
      await changed('prompts')
      return said('Told.')
    },
  },
  test_trigger_resource_update: {
    description: 'Tells those who listen that the watched resource is another one',
    run: async ({ changed }) => {
      await changed({ uri: WATCHED })
      return said('Told.')
    },
  },
}

export const PLAIN_TOOLS: Readonly<Record<string, Tool>> = { ...CONTENT, ...TALKING }
