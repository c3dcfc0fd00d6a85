// zigbee-herdsman, unmodified, with the emulated radio module as its coordinator: what it says, one line of JSON each.
const path = require("node:path");
const [port, folder, modules, installCode] = process.argv.slice(2);
const { Controller, setLogger } = require(path.join(modules, "zigbee-herdsman"));

const say = (what) => console.log(JSON.stringify(what));
const nothing = () => {};
const errors = [];
setLogger({ debug: nothing, info: nothing, warning: nothing, error: (text) => errors.push(String(text)) });

const controller = new Controller({
    network: {
        panID: 0x1a62, extendedPanID: [1, 2, 3, 4, 5, 6, 7, 8], channelList: [15],
        networkKey: [1, 3, 5, 7, 9, 11, 13, 15, 0, 2, 4, 6, 8, 10, 12, 13],
    },
    serialPort: { path: `tcp://127.0.0.1:${port}`, adapter: "ember" },
    databasePath: path.join(folder, "database.db"), backupPath: path.join(folder, "coordinator.json"),
    acceptJoiningDeviceHandler: async () => true, adapter: {},
});

(async () => {
    try {
        say({ start: await controller.start() });
        say({ network: await controller.getNetworkParameters() });
        say({ version: (await controller.getCoordinatorVersion()).meta });
        await controller.permitJoin(60);
        say({ permitted: true });
        if (installCode) {
            // Somebody joins, and goes again.
            controller.on("deviceJoined", ({ device }) => say({ joined: device.ieeeAddr }));
            const gone = new Promise((resolve) => controller.on("deviceLeave", ({ ieeeAddr }) => resolve(ieeeAddr)));
            await controller.addInstallCode(installCode);
            say({ admitted: true });
            say({ left: await gone });
        }
        await controller.stop();
        say({ stopped: true, errors });
    } catch (error) {
        say({ failed: String(error), errors });
    }
    process.exit(0);
})();
