import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server } from "node:net";

/** A port of this machine in front of a host's sshd that counts who comes by. */
export class CountedPort {
    /** Connections so far. */
    count = 0;

    private constructor(private readonly server: Server) {}

    static async open(address: string, port: number): Promise<CountedPort> {
        const server = createServer();
        const counted = new CountedPort(server);
        server.on("connection", (socket) => {
            counted.count++;
            const onward = connect(port, address);
            for (const [one, other] of [
                [socket, onward],
                [onward, socket],
            ] as const) {
                one.on("error", () => other.destroy());
                one.pipe(other);
            }
        });
        server.listen(0, "127.0.0.1");
        await once(server, "listening");
        return counted;
    }

    /** Where a topology finds the host through this port. */
    get entry(): { address: string; port: number } {
        const { address, port } = this.server.address() as AddressInfo;
        return { address, port };
    }

    close(): void {
        this.server.close();
    }
}
