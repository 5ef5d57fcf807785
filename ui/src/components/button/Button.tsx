// Buttons: `plain` for bars and rows, `solid` for the one action of a dialog. Tooltips name the shortcut.
import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";
import { shown } from "../../lib/keys";
import { Icon, type IconName } from "../icon/Icon";
import styles from "./Button.module.css";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: "plain" | "outline" | "solid" | "danger";
  icon?: IconName;
  tip?: string;
  keys?: string;
  ref?: Ref<HTMLButtonElement>;
  children?: ReactNode;
}

export function Button({ kind = "plain", icon, tip, keys, children, className, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={`${styles.button} ${styles[kind]} ${className ?? ""}`}
      data-tip={tip}
      data-tip-keys={keys ? shown(keys) : undefined}
      {...rest}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

/** A square button with only an icon; `label` is its name and its tooltip. */
export function IconButton({
  label,
  icon,
  ...rest
}: Omit<ButtonProps, "children"> & { label: string; icon: IconName }) {
  return (
    <Button
      icon={icon}
      aria-label={label}
      tip={label}
      {...rest}
      className={`${styles.square} ${rest.className ?? ""}`}
    />
  );
}
