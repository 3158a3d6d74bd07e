// `ozone certificate show`.
import { OzoneCommand } from "../../base-command.ts";

export default class CertificateShow extends OzoneCommand {
  static override summary =
    "Show the CA file for clients, and what the certificate of this machine's coordinator says.";
  static override description = "Keys are never shown.";
  static override examples = ["<%= config.bin %> certificate show"];

  async run(): Promise<unknown> {
    await this.parse(CertificateShow);
    const { runCertificateCommand } = await import("../../local/certificate-program.ts");
    const { certificateText } = await import("../../render/text-certificates.ts");
    const report = await runCertificateCommand("show");
    this.print(certificateText(report));
    return report;
  }
}
