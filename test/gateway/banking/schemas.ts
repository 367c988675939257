/**
 * Schemas for the messages as they are written here: the elements of ISO 20022's definitions that are used, in
 * their order, with what must be there, lengths and patterns. Stricter than ISO's own, which allow more; a member
 * that has those names their folder in the configuration, as the tests do with these.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

const types = `
  <xs:simpleType name="Max35Text"><xs:restriction base="xs:string"><xs:minLength value="1"/><xs:maxLength value="35"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="Id35"><xs:restriction base="Max35Text"><xs:pattern value="[A-Za-z0-9.\\-]{1,35}"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="Max34Text"><xs:restriction base="xs:string"><xs:minLength value="1"/><xs:maxLength value="34"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="Max140Text"><xs:restriction base="xs:string"><xs:minLength value="1"/><xs:maxLength value="140"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="Max500Text"><xs:restriction base="xs:string"><xs:minLength value="1"/><xs:maxLength value="500"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="Max15NumericText"><xs:restriction base="xs:string"><xs:pattern value="[0-9]{1,15}"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="Code4"><xs:restriction base="xs:string"><xs:minLength value="1"/><xs:maxLength value="4"/></xs:restriction></xs:simpleType>
  <xs:complexType name="Pagination"><xs:sequence><xs:element name="PgNb"><xs:simpleType><xs:restriction base="xs:string"><xs:pattern value="[0-9]{1,5}"/></xs:restriction></xs:simpleType></xs:element><xs:element name="LastPgInd" type="xs:boolean"/></xs:sequence></xs:complexType>
  <xs:simpleType name="UUIDv4Identifier"><xs:restriction base="xs:string"><xs:pattern value="[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="BICFIDec2014Identifier"><xs:restriction base="xs:string"><xs:pattern value="[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="LEIIdentifier"><xs:restriction base="xs:string"><xs:pattern value="[A-Z0-9]{18}[0-9]{2}"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="IBAN2007Identifier"><xs:restriction base="xs:string"><xs:pattern value="[A-Z]{2}[0-9]{2}[a-zA-Z0-9]{1,30}"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="CurrencyCode"><xs:restriction base="xs:string"><xs:pattern value="[A-Z]{3}"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="UtcTime"><xs:restriction base="xs:dateTime"><xs:pattern value=".*Z"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="Decimal"><xs:restriction base="xs:decimal"><xs:minInclusive value="0"/><xs:fractionDigits value="5"/><xs:totalDigits value="18"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="CreditDebitCode"><xs:restriction base="xs:string"><xs:enumeration value="CRDT"/><xs:enumeration value="DBIT"/></xs:restriction></xs:simpleType>
  <xs:complexType name="Amount"><xs:simpleContent><xs:extension base="Decimal"><xs:attribute name="Ccy" type="CurrencyCode" use="required"/></xs:extension></xs:simpleContent></xs:complexType>
  <xs:complexType name="Agent"><xs:sequence><xs:element name="FinInstnId"><xs:complexType><xs:sequence>
    <xs:element name="BICFI" type="BICFIDec2014Identifier"/>
    <xs:element name="LEI" type="LEIIdentifier" minOccurs="0"/>
    <xs:element name="Nm" type="Max140Text" minOccurs="0"/>
  </xs:sequence></xs:complexType></xs:element></xs:sequence></xs:complexType>
  <xs:complexType name="AccountId"><xs:choice>
    <xs:element name="IBAN" type="IBAN2007Identifier"/>
    <xs:element name="Othr"><xs:complexType><xs:sequence><xs:element name="Id" type="Max34Text"/></xs:sequence></xs:complexType></xs:element>
  </xs:choice></xs:complexType>
  <xs:complexType name="SettlementAccount"><xs:sequence><xs:element name="Id" type="AccountId"/></xs:sequence></xs:complexType>
  <xs:complexType name="CustomerAccount"><xs:sequence>
    <xs:element name="Id" type="AccountId"/>
    <xs:element name="Ccy" type="CurrencyCode"/>
    <xs:element name="Svcr" type="Agent"/>
  </xs:sequence></xs:complexType>
  <xs:complexType name="OneDate"><xs:sequence><xs:element name="Dt" type="xs:date"/></xs:sequence></xs:complexType>
  <xs:complexType name="Header"><xs:sequence>
    <xs:element name="MsgId" type="Id35"/>
    <xs:element name="CreDtTm" type="UtcTime"/>
  </xs:sequence></xs:complexType>
  <xs:complexType name="ReportEntry"><xs:sequence>
    <xs:element name="NtryRef" type="Id35"/>
    <xs:element name="Amt" type="Amount"/>
    <xs:element name="CdtDbtInd" type="CreditDebitCode"/>
    <xs:element name="Sts"><xs:complexType><xs:sequence><xs:element name="Cd" type="xs:string" fixed="BOOK"/></xs:sequence></xs:complexType></xs:element>
    <xs:element name="BookgDt" type="OneDate"/>
    <xs:element name="ValDt" type="OneDate"/>
    <xs:element name="AcctSvcrRef" type="Id35"/>
    <xs:element name="BkTxCd"><xs:complexType><xs:sequence><xs:element name="Domn"><xs:complexType><xs:sequence>
      <xs:element name="Cd" type="Code4"/>
      <xs:element name="Fmly"><xs:complexType><xs:sequence><xs:element name="Cd" type="Code4"/><xs:element name="SubFmlyCd" type="Code4"/></xs:sequence></xs:complexType></xs:element>
    </xs:sequence></xs:complexType></xs:element><xs:element name="Prtry"><xs:complexType><xs:sequence>
      <xs:element name="Cd" type="Max35Text"/><xs:element name="Issr" type="Max35Text"/>
    </xs:sequence></xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element>
    <xs:element name="AddtlNtryInf" type="Max500Text" minOccurs="0"/>
  </xs:sequence></xs:complexType>`;

const bodies: Readonly<Record<string, string>> = {
  "pacs.009.001.08": `<xs:element name="FICdtTrf"><xs:complexType><xs:sequence>
    <xs:element name="GrpHdr"><xs:complexType><xs:sequence>
      <xs:element name="MsgId" type="Id35"/>
      <xs:element name="CreDtTm" type="UtcTime"/>
      <xs:element name="NbOfTxs" type="Max15NumericText"/>
      <xs:element name="CtrlSum" type="Decimal"/>
      <xs:element name="TtlIntrBkSttlmAmt" type="Amount"/>
      <xs:element name="IntrBkSttlmDt" type="xs:date"/>
      <xs:element name="SttlmInf"><xs:complexType><xs:sequence>
        <xs:element name="SttlmMtd" type="xs:string" fixed="CLRG"/>
        <xs:element name="ClrSys"><xs:complexType><xs:sequence><xs:element name="Prtry" type="Max35Text"/></xs:sequence></xs:complexType></xs:element>
      </xs:sequence></xs:complexType></xs:element>
      <xs:element name="InstgAgt" type="Agent"/>
    </xs:sequence></xs:complexType></xs:element>
    <xs:element name="CdtTrfTxInf" maxOccurs="unbounded"><xs:complexType><xs:sequence>
      <xs:element name="PmtId"><xs:complexType><xs:sequence>
        <xs:element name="InstrId" type="Id35"/>
        <xs:element name="EndToEndId" type="Id35"/>
        <xs:element name="TxId" type="Id35"/>
        <xs:element name="UETR" type="UUIDv4Identifier"/>
      </xs:sequence></xs:complexType></xs:element>
      <xs:element name="IntrBkSttlmAmt" type="Amount"/>
      <xs:element name="InstdAgt" type="Agent"/>
      <xs:element name="Dbtr" type="Agent"/>
      <xs:element name="DbtrAcct" type="SettlementAccount" minOccurs="0"/>
      <xs:element name="Cdtr" type="Agent"/>
      <xs:element name="CdtrAcct" type="SettlementAccount" minOccurs="0"/>
      <xs:element name="RmtInf"><xs:complexType><xs:sequence><xs:element name="Ustrd" type="Max140Text"/></xs:sequence></xs:complexType></xs:element>
    </xs:sequence></xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>`,
  "pacs.002.001.10": `<xs:element name="FIToFIPmtStsRpt"><xs:complexType><xs:sequence>
    <xs:element name="GrpHdr"><xs:complexType><xs:sequence>
      <xs:element name="MsgId" type="Id35"/>
      <xs:element name="CreDtTm" type="UtcTime"/>
      <xs:element name="InstdAgt" type="Agent"/>
    </xs:sequence></xs:complexType></xs:element>
    <xs:element name="OrgnlGrpInfAndSts"><xs:complexType><xs:sequence>
      <xs:element name="OrgnlMsgId" type="Id35"/>
      <xs:element name="OrgnlMsgNmId" type="xs:string" fixed="pacs.009.001.08"/>
      <xs:element name="OrgnlNbOfTxs" type="Max15NumericText"/>
      <xs:element name="GrpSts" type="Status"/>
    </xs:sequence></xs:complexType></xs:element>
    <xs:element name="TxInfAndSts" maxOccurs="unbounded"><xs:complexType><xs:sequence>
      <xs:element name="OrgnlInstrId" type="Id35"/>
      <xs:element name="OrgnlEndToEndId" type="Id35"/>
      <xs:element name="OrgnlTxId" type="Id35"/>
      <xs:element name="OrgnlUETR" type="UUIDv4Identifier"/>
      <xs:element name="TxSts" type="Status"/>
      <xs:element name="FctvIntrBkSttlmDt" type="OneDate" minOccurs="0"/>
    </xs:sequence></xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>`,
  "camt.053.001.08": `<xs:element name="BkToCstmrStmt"><xs:complexType><xs:sequence>
    <xs:element name="GrpHdr" type="Header"/>
    <xs:element name="Stmt"><xs:complexType><xs:sequence>
      <xs:element name="Id" type="Id35"/>
      <xs:element name="StmtPgntn" type="Pagination"/>
      <xs:element name="ElctrncSeqNb" type="Max15NumericText"/>
      <xs:element name="CreDtTm" type="UtcTime"/>
      <xs:element name="FrToDt"><xs:complexType><xs:sequence>
        <xs:element name="FrDtTm" type="UtcTime"/><xs:element name="ToDtTm" type="UtcTime"/>
      </xs:sequence></xs:complexType></xs:element>
      <xs:element name="Acct" type="CustomerAccount"/>
      <xs:element name="Bal" minOccurs="3" maxOccurs="3"><xs:complexType><xs:sequence>
        <xs:element name="Tp"><xs:complexType><xs:sequence><xs:element name="CdOrPrtry"><xs:complexType><xs:sequence>
          <xs:element name="Cd"><xs:simpleType><xs:restriction base="xs:string"><xs:pattern value="OPBD|CLBD|CLAV"/></xs:restriction></xs:simpleType></xs:element>
        </xs:sequence></xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element>
        <xs:element name="Amt" type="Amount"/>
        <xs:element name="CdtDbtInd" type="CreditDebitCode"/>
        <xs:element name="Dt" type="OneDate"/>
      </xs:sequence></xs:complexType></xs:element>
      <xs:element name="Ntry" type="ReportEntry" minOccurs="0" maxOccurs="unbounded"/>
      <xs:element name="AddtlStmtInf" type="Max500Text"/>
    </xs:sequence></xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>`,
  "camt.054.001.08": `<xs:element name="BkToCstmrDbtCdtNtfctn"><xs:complexType><xs:sequence>
    <xs:element name="GrpHdr" type="Header"/>
    <xs:element name="Ntfctn"><xs:complexType><xs:sequence>
      <xs:element name="Id" type="Id35"/>
      <xs:element name="NtfctnPgntn" type="Pagination"/>
      <xs:element name="CreDtTm" type="UtcTime"/>
      <xs:element name="Acct" type="CustomerAccount"/>
      <xs:element name="Ntry" type="ReportEntry" maxOccurs="unbounded"/>
    </xs:sequence></xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>`,
};

const status = `<xs:simpleType name="Status"><xs:restriction base="xs:string"><xs:enumeration value="ACSC"/><xs:enumeration value="ACSP"/></xs:restriction></xs:simpleType>`;

/** Writes them where a member would have ISO's. */
export async function writeSchemas(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [id, body] of Object.entries(bodies)) {
    const namespace = `urn:iso:std:iso:20022:tech:xsd:${id}`;
    const schema = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="${namespace}" targetNamespace="${namespace}" elementFormDefault="qualified">
  <xs:element name="Document"><xs:complexType><xs:sequence>${body}</xs:sequence></xs:complexType></xs:element>${types}
  ${status}
</xs:schema>`;
    await writeFile(join(folder, `${id}.xsd`), schema);
  }
}
