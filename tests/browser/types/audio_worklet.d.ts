/**
 * What an AudioWorkletGlobalScope has (https://www.w3.org/TR/webaudio/#AudioWorkletGlobalScope), as far as the pages'
 * worklets use it. TypeScript's own libraries have no such scope; what is not named here is an error in a worklet.
 */

interface MessagePort {
    onmessage: ((event: { data: any }) => void) | null;
    postMessage(message: unknown, transfer?: ArrayBufferLike[]): void;
}

declare class AudioWorkletProcessor {
    readonly port: MessagePort;
}

declare function registerProcessor(name: string, processor: new (options: any) => AudioWorkletProcessor): void;

/** Time of the block that is being made, in seconds. */
declare const currentTime: number;
