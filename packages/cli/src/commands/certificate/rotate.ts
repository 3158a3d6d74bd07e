// `ozone certificate rotate`.
import { Flags } from "@oclif/core";
import { OzoneCommand } from "../../base-command.ts";

export default class CertificateRotate extends OzoneCommand {
  static override summary =
    "Replace the key and certificate of this machine's coordinator; the CA stays, so that clients need nothing new.";
  static override description =
    "A running coordinator shows the new certificate within seconds. Without this command it is replaced in its last 30 days.";
  static override examples = [
    "<%= config.bin %> certificate rotate",
    "<%= config.bin %> certificate rotate --name 10.0.0.7",
  ];
  static override flags = {
    name: Flags.string({
      summary: "A DNS name or address that clients use, beside those of this machine; may be given again.",
      helpValue: "NAME",
      multiple: true,
    }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(CertificateRotate);
    const { runCertificateCommand } = await import("../../local/certificate-program.ts");
    const { certificateText } = await import("../../render/text-certificates.ts");
    const report = await runCertificateCommand("rotate", flags.name);
    this.print(certificateText(report));
    return report;
  }
}
