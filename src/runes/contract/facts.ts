// Facts: what the host process knows about this machine and tells every rune. Plain data, collected once by the initrd's phases. Types only.

/** A network card that is up, or was booted from. */
export interface NicFacts {
  /** The kernel's name in the initrd (`eth0`); the distribution may rename others, never the boot NIC. */
  readonly name: string;
  /** Six bytes in lower case: `52:54:00:12:34:56`. */
  readonly mac: string;
  /** IPv4, as are the others; unset before the NIC has one. */
  readonly address?: string;
  readonly netmask?: string;
  readonly gateway?: string;
  /** In the order in which they are to be asked. */
  readonly dnsServers: readonly string[];
  /** DHCP option 15. */
  readonly domainName?: string;
  /** DHCP option 42. */
  readonly ntpServers?: readonly string[];
  /** DHCP option 12, when a server gave one. */
  readonly hostName?: string;
  /** Where the address came from: a DHCP server, the kernel command line, or a subnet that this node chose itself. */
  readonly addressSource: 'dhcp' | 'command-line' | 'own' | 'none';
}

/** The files that the next PC boots from, as paths that the host process can read; none of them lies on the served root. */
export interface BootSetFacts {
  readonly kernel: string;
  /** Served as one file, one part behind the other: the kernel unpacks concatenated archives. */
  readonly initrdParts: readonly string[];
  /** One more part, for machines that are to be members of the room. */
  readonly keyPart?: string;
  /** Directory of the loaders: undionly.kpxe, shimx64.efi, grubx64.efi, ipxe.efi, whichever there are. */
  readonly loaders: string;
}

/** What V-FIELD gives away about the image that this node runs. */
export interface FieldFacts {
  readonly magnet: string;
  /** TCP port that peers connect to. */
  readonly port: number;
  readonly label: string;
}

/** A partition, or a disk without any, that something was recognised on when the machine started. */
export interface DriveFacts {
  /** `/dev/sda2`, under this kernel; may differ at the next start. */
  readonly device: string;
  readonly sizeBytes: number;
  readonly readOnly: boolean;
  readonly removable: boolean;
  /** `nvme`, `sata`, `ide`, `scsi`, `usb`, `mmc`, `firewire`, `virtio` or `other`. */
  readonly transport: string;
  /** As blkid names it: `ext4`, `ntfs`, `swap`, `swsuspend` (a hibernated system), `crypto_LUKS` ... */
  readonly type: string;
  readonly label?: string;
  readonly uuid?: string;
}

/** A machine that somebody has listed in RUNES/machines. */
export interface KnownMachine {
  /** Six bytes in lower case. */
  readonly mac: string;
  /** Host name, one label. */
  readonly name: string;
  /** The IPv4 address that it always gets, and nobody else. */
  readonly address?: string;
  readonly role?: string;
  /** What else its line says, as key=value. */
  readonly settings: Readonly<Record<string, string>>;
}

export interface Facts {
  /** The role that this machine was started in. */
  readonly role: string;
  /** As uname -r says it. */
  readonly kernelRelease: string;
  /** /proc/cmdline as it is. */
  readonly commandLine: string;
  /** The NIC that the machine was booted from, or serves on. */
  readonly bootNic?: NicFacts;
  /** All NICs that are known, the boot NIC among them. */
  readonly nics: readonly NicFacts[];
  /** DMI product UUID, lower case, where the firmware tells one. */
  readonly machineUuid?: string;
  /** RAM that the kernel has, in bytes. */
  readonly ramBytes?: number;
  /** What lies on the drives of this machine. */
  readonly drives?: readonly DriveFacts[];
  /** This machine's own line in the list of machines. */
  readonly machine?: KnownMachine;
  /** The whole list, of image and medium. */
  readonly machines?: readonly KnownMachine[];
  /** What other PCs can be started with; on a machine that was started from a medium of the kit. */
  readonly bootSet?: BootSetFacts;
  /** The image in V-FIELD: magnet link, port, label. */
  readonly field?: FieldFacts;
}
