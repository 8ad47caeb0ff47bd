// The image as something that mount(8) takes: a block device, or a file that the kernel makes one of.

/** An attached image. It is detached after it was unmounted. */
export interface Attachment {
  readonly device: string;
  readonly mountOptions: readonly string[];
  /** Settles with the reason if the attachment ends by itself; the mount on it is dead then. */
  readonly lost: Promise<string>;
  detach(): Promise<void>;
}
