// `ozone certificate make`.
import { Flags } from "@oclif/core";
import { OzoneCommand } from "../../base-command.ts";

export default class CertificateMake extends OzoneCommand {
  static override summary =
    "Make the CA and certificate of this machine's coordinator, unless they are there.";
  static override description =
    "The coordinator does so itself when it first listens beyond loopback; this is for having the CA file before.";
  static override examples = ["<%= config.bin %> certificate make --name ozone.lab.example"];
  static override flags = {
    name: Flags.string({
      summary: "A DNS name or address that clients use, beside those of this machine; may be given again.",
      helpValue: "NAME",
      multiple: true,
    }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(CertificateMake);
    const { runCertificateCommand } = await import("../../local/certificate-program.ts");
    const { certificateText } = await import("../../render/text-certificates.ts");
    const report = await runCertificateCommand("make", flags.name);
    this.print(certificateText(report));
    return report;
  }
}
