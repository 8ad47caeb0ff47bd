// Which of a kernel's modules the initrd carries, as data: by folder of the kernel tree, so that next year's driver comes along by
// itself. What a chosen module depends on comes too, wherever it lies. The longest rule that fits a module's path decides.

export interface FolderRule {
  /** Beginning of a module's path below `kernel/`: a folder (ends in `/`), or the module itself. */
  readonly prefix: string;
  readonly take: boolean;
}

const take = (...prefixes: string[]): FolderRule[] => prefixes.map((prefix) => ({ prefix, take: true }));
const leave = (...prefixes: string[]): FolderRule[] => prefixes.map((prefix) => ({ prefix, take: false }));

/** Controllers behind which discs are, and the discs. */
const STORAGE = [
  ...take(
    'drivers/ata/',
    'drivers/nvme/host/',
    'drivers/scsi/',
    'drivers/message/fusion/',
    'drivers/mmc/',
    'drivers/ufs/',
  ),
  ...take(
    'drivers/cdrom/',
    'drivers/block/',
    'drivers/firewire/',
    'drivers/memstick/',
    'drivers/nvdimm/',
    'drivers/dax/',
  ),
  ...take('drivers/misc/cardreader/', 'drivers/misc/tifm', 'drivers/pci/controller/'),
  ...take('drivers/pinctrl/', 'drivers/mfd/intel-lpss'), // what eMMC and keyboards of tablets hang on
  ...take('drivers/md/dm-mod', 'drivers/md/dm-verity'),
  ...leave('drivers/scsi/scsi_debug', 'drivers/scsi/pcmcia/', 'drivers/ata/pata_legacy', 'drivers/ata/pata_pcmcia'),
  ...leave('drivers/scsi/qla2xxx/tcm_qla2xxx', 'drivers/scsi/elx/'), // a machine that plays the disc
  // Tests, clusters, and the host's side of virtual discs.
  ...leave(
    'drivers/block/drbd/',
    'drivers/block/rbd',
    'drivers/block/null_blk/',
    'drivers/block/rnbd/',
    'drivers/block/xen-blkback/',
  ),
  ...leave('drivers/firewire/firewire-net', 'drivers/firewire/nosy'),
];

const USB_AND_INPUT = [
  ...take(
    'drivers/usb/core/',
    'drivers/usb/common/',
    'drivers/usb/host/',
    'drivers/usb/storage/',
    'drivers/usb/roles/',
  ),
  ...take(
    'drivers/usb/typec/',
    'drivers/usb/dwc2/',
    'drivers/usb/dwc3/',
    'drivers/usb/chipidea/',
    'drivers/thunderbolt/',
  ),
  ...take(
    'drivers/hid/hid',
    'drivers/hid/usbhid/',
    'drivers/hid/i2c-hid/',
    'drivers/input/evdev',
    'drivers/input/keyboard/atkbd',
  ),
  ...take('drivers/input/serio/i8042', 'drivers/input/serio/libps2', 'drivers/input/serio/hyperv-keyboard'),
  ...take('drivers/input/mouse/psmouse', 'drivers/input/misc/xen-kbdfront'),
  // Toys and instruments; a keyboard that needs its maker's module is among the rest.
  ...leave(
    'drivers/hid/hid-sony',
    'drivers/hid/hid-nintendo',
    'drivers/hid/hid-playstation',
    'drivers/hid/hid-steam',
    'drivers/hid/hid-wiimote',
  ),
  ...leave(
    'drivers/hid/hid-picolcd',
    'drivers/hid/hid-sensor',
    'drivers/hid/hid-roccat',
    'drivers/hid/hid-cp2112',
    'drivers/hid/hid-mcp2221',
  ),
  ...leave(
    'drivers/hid/hid-prodikeys',
    'drivers/hid/hid-asus',
    'drivers/hid/hid-led',
    'drivers/hid/hid-ft260',
    'drivers/hid/hid-uclogic',
  ),
];

/** Everything with a cable. */
const NETWORK = [
  ...take(
    'drivers/net/ethernet/',
    'drivers/net/usb/',
    'drivers/net/phy/',
    'drivers/net/mdio',
    'drivers/net/mii',
    'drivers/net/pcs/',
  ),
  ...take(
    'drivers/net/virtio_net',
    'drivers/net/net_failover',
    'drivers/net/vmxnet3/',
    'drivers/net/hyperv/',
    'drivers/net/xen-netfront',
  ),
  ...take(
    'drivers/net/fjes/',
    'drivers/net/thunderbolt',
    'drivers/net/tun',
    'drivers/net/macvlan',
    'drivers/net/veth',
    'drivers/net/dummy',
  ),
  ...take(
    'net/packet/',
    'net/ipv6/ipv6',
    'net/8021q/',
    'net/802/',
    'net/llc/',
    'net/bridge/bridge',
    'net/unix/',
    'net/core/failover',
  ),
  // Chips of switches, encryption engines on a card, mobile telephones.
  ...leave('drivers/net/ethernet/mellanox/mlxsw/', 'drivers/net/ethernet/chelsio/inline_crypto/'),
  ...leave('drivers/net/usb/huawei_cdc_ncm', 'drivers/net/usb/qmi_wwan', 'drivers/net/usb/sierra_net'),
];

/** What a machine in a machine has instead of hardware. */
const VIRTUAL = [
  ...take('drivers/virtio/', 'drivers/hv/', 'drivers/xen/', 'drivers/misc/vmw_vmci/', 'drivers/firmware/qemu_fw_cfg'),
  ...take('drivers/char/hw_random/virtio-rng', 'drivers/pci/hotplug/acpiphp'),
];

const FILE_SYSTEMS = [
  ...take(
    'fs/ext4/',
    'fs/jbd2/',
    'fs/fat/',
    'fs/ntfs3/',
    'fs/exfat/',
    'fs/isofs/',
    'fs/udf/',
    'fs/xfs/',
    'fs/btrfs/',
    'fs/f2fs/',
  ),
  ...take(
    'fs/squashfs/',
    'fs/erofs/',
    'fs/overlayfs/',
    'fs/nls/',
    'fs/hfsplus/',
    'fs/efivarfs/',
    'fs/fuse/',
    'fs/nfs/',
    'fs/9p/',
    'net/9p/',
  ),
  ...leave('fs/nfs/blocklayout/', 'fs/nfs/flexfilelayout/', 'fs/nfs/filelayout/', 'net/9p/9pnet_rdma'),
];

/** What the kernel asks modprobe for at run time, by names that no dependency shows: checksums, compression. */
const AT_RUN_TIME = take(
  'crypto/crc',
  'crypto/xxhash_generic',
  'crypto/blake2b_generic',
  'crypto/lz4',
  'crypto/lzo',
  'crypto/zstd',
  'arch/x86/crypto/crc',
  'lib/crc',
  'lib/libcrc',
  'mm/zsmalloc',
);

export const FOLDER_RULES: readonly FolderRule[] = [
  ...STORAGE,
  ...USB_AND_INPUT,
  ...NETWORK,
  ...VIRTUAL,
  ...FILE_SYSTEMS,
  ...AT_RUN_TIME,
];

/** Modules that the shim loads when there is nothing but itself: they mount the runtime. */
export const SHIM_MODULES: readonly string[] = ['loop', 'squashfs'];

/** A kernel that has one of these neither as a module nor built-in cannot boot an image. */
export const REQUIRED_MODULES: readonly string[] = [...SHIM_MODULES, 'overlay'];
