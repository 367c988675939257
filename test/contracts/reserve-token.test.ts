/** Reserves: who holds them, who issues and retires them. Roles are in roles.test.ts. */
import { expect } from "chai";
import { START } from "../../scripts/bench/consortium.ts";
import { useConsortium } from "./support/deployment.ts";

describe("ReserveToken", () => {
  const load = useConsortium();

  it("is named, and counts minor units, as it was deployed", async () => {
    const { token } = await load();
    expect([await token.name(), await token.symbol(), await token.decimals()]).to.deep.equal([
      "Reserves",
      "RSV",
      2n,
    ]);
  });

  it("moves between participants", async () => {
    const { token, members } = await load();
    const [first, second] = members;
    await token.connect(first!.operator).transfer(second!.operator.address, 100n);
    expect(await token.balanceOf(first!.operator.address)).to.equal(START.reserve - 100n);
    expect(await token.balanceOf(second!.operator.address)).to.equal(START.reserve + 100n);
  });

  it("does not move to one who takes no part, nor is it issued to one", async () => {
    const { token, members, stranger } = await load();
    const refusals = [
      () => token.connect(members[0]!.operator).transfer(stranger.address, 1n),
      () => token.mint(stranger.address, 1n),
    ];
    for (const refused of refusals) {
      await expect(refused())
        .to.be.revertedWithCustomError(token, "ReserveTokenNotParticipant")
        .withArgs(stranger.address);
    }
    expect(await token.balanceOf(stranger.address)).to.equal(0n);
  });

  it("stays where it is with one who takes part no longer", async () => {
    const { token, members } = await load();
    const { operator } = members[0]!;
    await expect(token.setParticipant(operator.address, false))
      .to.emit(token, "ParticipantChanged")
      .withArgs(operator.address, false);
    await expect(token.connect(operator).transfer(members[1]!.operator.address, 1n))
      .to.be.revertedWithCustomError(token, "ReserveTokenNotParticipant")
      .withArgs(operator.address);
    expect(await token.balanceOf(operator.address)).to.equal(START.reserve);
    expect(await token.isParticipant(operator.address)).to.equal(false);
  });

  it("is issued, and retired with its holder's approval alone", async () => {
    const { token, authority, members } = await load();
    const { operator } = members[0]!;
    const supply = await token.totalSupply();
    await token.mint(operator.address, 50n);
    expect(await token.totalSupply()).to.equal(supply + 50n);
    await expect(token.burn(operator.address, 50n)).to.be.revertedWithCustomError(
      token,
      "ERC20InsufficientAllowance",
    );
    await token.connect(operator).approve(authority.address, 50n);
    await token.burn(operator.address, 50n);
    expect(await token.totalSupply()).to.equal(supply);
    expect(await token.balanceOf(operator.address)).to.equal(START.reserve);
  });
});
