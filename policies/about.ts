import { type Hop, hopsOf } from "./facts/connections";
import type { Device } from "./facts/replicationDevice";
import { statementsOf } from "./facts/shellWords";
import { isReplicated, type Stanza, stanzasOf } from "./facts/stanzas";
import { type VolumeType, volumeTypesOf, wantsReplication } from "./facts/volumeTypes";
import { plainName, quoted } from "./quoted";
import type { Config, Sentence } from "./rule";
import type { Seen } from "./seen";

type Judge<T> = (one: T, config: Config, seen: Seen) => Iterable<Sentence>;

/** Judges every replicated stanza among a resource's inputs; its sentences name the section. */
export const aboutStanzas = (judge: Judge<Stanza>) =>
    function* (seen: Seen, config: Config): Generator<Sentence> {
        for (const stanza of stanzasOf(seen).filter(isReplicated))
            for (const sentence of judge(stanza, config, seen))
                yield `[${plainName(stanza.section)}] ${sentence}`;
    };

/** Judges every replication device; a stanza with several is refused elsewhere and judged device by device here. */
export const aboutDevices = (judge: (device: Device, stanza: Stanza) => Iterable<Sentence>) =>
    aboutStanzas(function* (stanza) {
        for (const device of stanza.devices) yield* judge(device, stanza);
    });

/** Judges every volume type that wants replication. */
export const aboutReplicatedTypes = (judge: Judge<VolumeType>) =>
    function* (seen: Seen, config: Config): Generator<Sentence> {
        for (const type of volumeTypesOf(seen).filter(wantsReplication))
            yield* named(type, judge(type, config, seen));
    };

export const aboutVolumeTypes = (judge: Judge<VolumeType>) =>
    function* (seen: Seen, config: Config): Generator<Sentence> {
        for (const type of volumeTypesOf(seen)) yield* named(type, judge(type, config, seen));
    };

/** A command speaks of types that are not itself. */
function* named({ name, via }: VolumeType, sentences: Iterable<Sentence>): Generator<Sentence> {
    for (const sentence of sentences)
        yield via === "command" ? `volume type ${quoted(name)} ${sentence}` : sentence;
}

/** Judges every hop of a resource's SSH connection; its sentences name the hop. */
export const aboutHops = (judge: Judge<Hop>) =>
    function* (seen: Seen, config: Config): Generator<Sentence> {
        for (const hop of hopsOf(seen))
            for (const sentence of judge(hop, config, seen)) yield `${hop.at} ${sentence}`;
    };

/** Judges every simple command that a command resource runs. */
export const aboutStatements = (judge: Judge<string[]>) =>
    function* (seen: Seen, config: Config): Generator<Sentence> {
        const sentences = new Set<Sentence>();
        for (const words of statementsOf(seen))
            for (const sentence of judge(words, config, seen)) sentences.add(sentence);
        yield* sentences;
    };
