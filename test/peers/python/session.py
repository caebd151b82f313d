"""Plays a script with the client of the Python SDK: `session.py '{"url", "mode", "script"}'` prints its steps as JSON."""

import asyncio
import json
import sys
from typing import Any

from mcp import Client, MCPError
from mcp_types import ElicitResult, PromptReference


def plain(value: Any) -> Any:
    return value.model_dump(mode="json", by_alias=True, exclude_none=True)


async def play(url: str, mode: str, script: dict[str, Any], limit: float) -> list[Any]:
    steps: list[Any] = []
    asked: list[Any] = []
    fills: dict[str, Any] = {}

    async def fill_in(_context: Any, params: Any) -> ElicitResult:
        asked.append(plain(params))
        return ElicitResult(action="accept", content=fills)

    async def step(name: str, work: Any) -> Any:
        try:
            gave = await work
        except MCPError as error:
            steps.append([name, {"error": {"code": error.code, "message": error.message}}])
            return None
        except (RuntimeError, ValueError) as error:  # what the client itself finds wrong with an answer
            steps.append([name, {"error": {"message": str(error)}}])
            return None
        steps.append([name, plain(gave)])
        return gave

    async with Client(url, mode=mode, elicitation_callback=fill_in, read_timeout_seconds=limit, cache=None) as client:
        can = client.server_capabilities
        steps.append(["connect", {"capabilities": plain(can), "instructions": client.instructions}])
        await step("list tools", client.list_tools())
        if can.prompts:
            await step("list prompts", client.list_prompts())
        listed = None
        if can.resources:
            await step("list templates", client.list_resource_templates())
            listed = await step("list resources", client.list_resources())
        for name, arguments in script["calls"]:
            told: list[float] = []

            async def on_progress(progress: float, _total: float | None, _message: str | None, told: Any = told) -> None:
                told.append(progress)

            await step(f"call {name}", client.call_tool(name, arguments, progress_callback=on_progress))
            steps.append([f"progress of {name}", told])
        for name, arguments, given in script["asks"]:
            fills.clear()
            fills.update(given)
            asked.clear()
            await step(f"call {name}", client.call_tool(name, arguments))
            steps.append([f"asked by {name}", list(asked)])
        for resource in (listed.resources if listed else [])[: script["reads"]]:
            await step(f"read {resource.uri}", client.read_resource(str(resource.uri)))
        for name, arguments in script["prompts"]:
            await step(f"prompt {name}", client.get_prompt(name, arguments))
        for name, argument, typed in script["completes"]:
            reference = PromptReference(type="ref/prompt", name=name)
            await step(f"complete {name}", client.complete(reference, {"name": argument, "value": typed}))
    return steps


def main() -> None:
    told = json.loads(sys.argv[1])
    print(json.dumps(asyncio.run(play(told["url"], told["mode"], told["script"], told["limitMs"] / 1000))))


main()
