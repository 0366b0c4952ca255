/**
 * The sample rate of all sound here. Opus decodes to 48 kHz whatever went in (RFC 7845 section 5.1), and granule
 * positions count such samples.
 */

export const SAMPLE_RATE = 48_000;
export const SAMPLES_PER_MS = SAMPLE_RATE / 1000;
