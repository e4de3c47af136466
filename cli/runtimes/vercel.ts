/**
 * Runs in the edge runtime: the gateway of the config that the command line puts in the environment.
 *
 * @module
 */
import { type FetchEvent, onFetch } from "../../adapters/vercel/edge.ts";
import type { Config } from "../../src/config.ts";
import { configured } from "../gateway.ts";

/** The parts of the edge runtime that are used here. */
declare const process: { readonly env: { readonly HEADGATE_CONFIG: string } };
declare function addEventListener(type: "fetch", listener: (event: FetchEvent) => void): void;

addEventListener("fetch", onFetch(configured(JSON.parse(process.env.HEADGATE_CONFIG) as Config)));
