import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { topologyJsonSchema } from "../../core/topology";

export const SCHEMA_FILE = join(__dirname, "../../core/topology.schema.json");

export const schemaText = (): string => `${JSON.stringify(topologyJsonSchema(), undefined, 4)}\n`;

if (require.main === module) writeFileSync(SCHEMA_FILE, schemaText());
